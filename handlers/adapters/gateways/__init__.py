"""Payment providers, all behind `handlers.domain.payment_gateway.PaymentGateway`."""
