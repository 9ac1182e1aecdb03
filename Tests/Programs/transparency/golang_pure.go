// SPDX-License-Identifier: Apache-2.0
// part of golang.sh
package main

func extra() string { return "pure" }
