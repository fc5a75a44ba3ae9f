"""Programs of the maintainers: the reference and the tables of the site, pictures."""
