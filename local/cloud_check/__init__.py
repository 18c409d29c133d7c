"""`make cloud-check`: ask a deployment what no emulator tells. docs/aws-review.md has the questions."""
