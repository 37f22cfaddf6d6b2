"""`python -m meta_ads_mcp` is the same as the command."""

import sys

from meta_ads_mcp.cli.main import main

sys.exit(main())
