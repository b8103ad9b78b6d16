from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the indexes are made, and old rows checked, while the service writes

    dependencies = [
        ("subscriptions", "0028_delivery_stage"),
    ]
    operations = [
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(
                "company",
                "subscription",
                condition=models.Q(("stage", 1), ("state", "pending")),
                name="delivery_available",
            ),
        ),
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(
                "due_at",
                condition=models.Q(("claim__isnull", True), ("stage", 0), ("state", "pending")),
                name="delivery_scheduled",
            ),
        ),
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(
                "subscription", condition=models.Q(("stage", 2), ("state", "pending")), name="delivery_parked"
            ),
        ),
        AddConstraintNotValid(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("stage", 2), _negated=True), ("state", "pending"), _connector="OR"),
                name="delivery_parked_is_pending",
            ),
        ),
        ValidateConstraint(model_name="delivery", name="delivery_parked_is_pending"),
    ]
