//! Curves as SVG, drawn from the lines that a run kept.
