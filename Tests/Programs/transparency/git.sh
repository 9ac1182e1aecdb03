# needs: git
# git: threads, pipes, hooks, children that execute themselves.
export HOME="$(mktemp -d)" GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_DATE='2026-01-01T00:00:00Z' GIT_COMMITTER_DATE='2026-01-01T00:00:00Z'
cd "$HOME"
git config --global user.name nobody
git config --global user.email nobody@localhost
git config --global init.defaultBranch main
git init -q repository && cd repository
printf '#!/bin/sh\necho "hook $0"\n' >.git/hooks/post-commit
chmod +x .git/hooks/post-commit
for i in 1 2 3 4 5; do
    seq "$i" 3000 >"file$i"
    git add . && git commit -q -m "commit $i"
done
git gc -q; echo "gc $?"
git clone -q "file://$PWD" ../clone; echo "clone $?"
cd ../clone
git log --oneline | cat
git diff HEAD~2 --stat | cat
git rev-parse HEAD
git checkout -q nowhere; echo "$?"
git fsck --full 2>&1; echo "fsck $?"
git grep -c 77 | tail -1
rm -rf "$HOME"
