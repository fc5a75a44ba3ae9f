"""What is to be signed, as data (`Plan`), and in words (`preview`)."""

from zkcore.plans.facts import PlanFacts, PlanKind, PlanStep, StepKind
from zkcore.plans.plan import Draft, Plan, SignedPlan, sign_plan
from zkcore.plans.preview import Field, Preview, preview

# fmt: off
__all__ = [
    "Draft", "Field", "Plan", "PlanFacts", "PlanKind", "PlanStep", "Preview", "SignedPlan", "StepKind", "preview", "sign_plan",
]
# fmt: on
