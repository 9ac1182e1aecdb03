// SPDX-License-Identifier: Apache-2.0

/// The version of Potter, in recordings and `--version`.
public let potterVersion = "0.1.0"
