"""What Django's settings need. The nonce of script-src does not reach the widget's workers: they need the host."""

from django.utils.csp import CSP  # Django 6

MIDDLEWARE = [..., "django.middleware.csp.ContentSecurityPolicyMiddleware"]
SECURE_CSP = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF, "'wasm-unsafe-eval'"],  # and https://cdn.example, if dist/ is there
    "connect-src": [CSP.SELF],  # likewise
    "worker-src": ["blob:"],
}
