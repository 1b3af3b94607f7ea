module rummage

go 1.26
