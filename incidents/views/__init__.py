"""Pages: each view reads the request, fetches what its reader may see, calls one domain function and answers."""
