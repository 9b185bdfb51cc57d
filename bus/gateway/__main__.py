"""`python -m bus.gateway`."""

from bus.gateway.serve import main

main()
