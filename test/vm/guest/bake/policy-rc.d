#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
exit 101 # not allowed, in invoke-rc.d's words
