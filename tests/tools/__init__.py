"""Static checks, licences, advisories and screenshots: what ./dev lint, licences and screenshots run."""
