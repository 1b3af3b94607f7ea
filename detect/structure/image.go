package structure

import "rummage/detect/assignment"

// The contexts of files in the layers of an image, for rules that judge a path alone: a rule that names one of them
// fires nowhere else. Of a file that everybody in a container may read it is asked in ImageWorldReadable first, and in
// ImageFile only where no rule fires there, so that a file makes one finding. A file without content makes none.
const (
	// ImageFile is any regular file of a layer.
	ImageFile assignment.Context = "image.file"
	// ImageWorldReadable is one that all users may read.
	ImageWorldReadable assignment.Context = "image.world-readable"
)
