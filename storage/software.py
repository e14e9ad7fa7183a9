"""What this program is called and of which version, wherever it says so: to servers, in WARCs, clean copies and exports."""

from __future__ import annotations

VERSION = "1.0.0"
"""As in pyproject.toml."""
SOFTWARE = f"cleancopy/{VERSION}"
