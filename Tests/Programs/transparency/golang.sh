# runs: pure cgo children
# needs: go
# build: mkdir -p gocache; for k in pure cgo; do cp $HERE/golang.go $HERE/golang_$k.go .; GOCACHE=$PWD/gocache GO111MODULE=off CGO_ENABLED=$([ $k = cgo ]; echo $((1 - $?))) go build -o go_$k golang.go golang_$k.go; done; chmod -R u+w gocache; rm -r gocache
# Go installs its handlers by system calls of its own, for all signals; without cgo its programs are static.
if [ "$1" = children ]; then
    ./go_pure
    echo "pure $?"
    ./go_cgo
    echo "cgo $?"
else
    exec ./go_$1
fi
