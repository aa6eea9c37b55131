"""The Lambda code, one module per Lambda. Imports go from api to adapters to domain to contract."""
