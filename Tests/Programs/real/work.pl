# SPDX-License-Identifier: Apache-2.0
my %h; my $end = times + 4;
while (times < $end) { for my $i (1..20000) { my $s = join ",", map { $_ * $i % 97 } 1..8; $h{$1}++ while $s =~ /(\d+)/g; } my @k = sort { $h{$a} <=> $h{$b} } keys %h; }
