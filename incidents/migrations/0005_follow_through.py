from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("incidents", "0004_picture_removed"),
    ]

    operations = [
        migrations.AlterField(
            model_name="noticepreference",
            name="kind",
            field=models.CharField(
                choices=[
                    ("followed", "News of incidents I follow"),
                    ("sev1", "Every SEV1 that opens or ends"),
                    ("team", "Incidents of my teams"),
                    ("action_items", "My action items: once a week, and when they are due"),
                    ("reviews", "Reviews I am asked for, and decisions on what I wrote"),
                    ("comments", "Comments on what I wrote, and on what I commented on"),
                ],
                max_length=20,
            ),
        ),
    ]
