"""`make verify-aws STAGE=NAME`: deploys a stage, tests it end to end, reports, and destroys it."""
