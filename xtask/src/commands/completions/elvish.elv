
# Short for the same, so that it can be completed.
edit:add-var xtask~ {|@arguments| cargo xtask $@arguments }
