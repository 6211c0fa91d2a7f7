
# Short for the same, so that it can be completed.
function xtask { cargo xtask @args }
