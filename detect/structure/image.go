package structure

import "rummage/detect/assignment"

// The contexts of files in the layers of an image, for rules that judge a path alone: a rule that names one of them
// fires nowhere else. A file that everybody in a container may read stands in both.
const (
	// ImageFile is any regular file of a layer.
	ImageFile assignment.Context = "image.file"
	// ImageWorldReadable is one that all users may read.
	ImageWorldReadable assignment.Context = "image.world-readable"
)
