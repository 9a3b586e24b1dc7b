# What people type every day. Every recipe is one line that works without just, too.

# Run every test, as CI does.
test:
    tests/run.sh

# Run the Rust tests only.
quick:
    tests/run.sh --quick

# Format, and fail on warnings.
lint:
    cargo fmt --all
    cargo clippy --locked --workspace --all-targets -- -D warnings

# Rewrite the expected files: read the difference before you commit it.
expect:
    UPDATE_EXPECT=1 cargo test -p event-codegen --features compat,import
    UPDATE_EXPECT=1 cargo test -p event-contracts pages
    TRYBUILD=overwrite cargo test -p event-derive-tests --test ui

# Run the example organisation.
demo:
    examples/demo.sh

# Record the pictures of the README.
record:
    tests/recordings.sh --write
