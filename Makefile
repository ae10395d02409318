# The short way to ./dev, which does the work and also serves those without make.
.PHONY: serve test check bench screenshots lock clean

serve:  ## a server with demo data: make serve [PORT=8001]
	@./dev serve $(if $(PORT),--port $(PORT))

test:   ## all tests
	@./dev test

check:  ## format, lint, types, imports
	@./dev check

bench:  ## measure; writes docs/benchmarks.md
	@./dev bench

screenshots:  ## pictures of the pages, from a demo; writes docs/pictures/
	@./dev screenshots

lock:   ## pin every dependency anew (needs uv)
	@./dev lock

clean:  ## forget .venv and .data
	@./dev clean
