//! Ctrl-C, while something is built and while tests run: nobody is left, nothing is half written, and the terminal is
//! as it was.
