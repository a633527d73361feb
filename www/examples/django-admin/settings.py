"""What Django's settings need. A nonce does not reach the widget's workers: they need the host, or 'strict-dynamic' beside it."""

from django.utils.csp import CSP  # Django 6

MIDDLEWARE = [..., "django.middleware.csp.ContentSecurityPolicyMiddleware"]
SECURE_CSP = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF, "'wasm-unsafe-eval'"],  # and https://cdn.example, if dist/ is there
    "connect-src": [CSP.SELF],  # likewise
    "worker-src": ["blob:"],
}
