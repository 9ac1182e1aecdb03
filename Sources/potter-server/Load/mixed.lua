-- The load of the demo: wrk -t2 -c16 -d30s -s Load/mixed.lua http://127.0.0.1:PORT
-- Of ten requests six are completions, three are searches and one reads the configuration.
local questions = {
   "Why does the scheduler retry requests under sustained load?",
   "Which cache evicts segments when the upstream is slow, and did Ada Lovelace know?",
   "How do I keep the allocator from compacting pages before the deadline expires?",
   "Explain the journal, the checkpoint and the snapshot of a replica",
   "The tokenizer of gateway42 rejects prompts; what would Grace Hopper do first?",
   "When should a broker promote a follower to leader across all regions?",
   "Summarize how the profiler samples stacks inside one critical section",
   "What happens to tasks and actors that a supervisor cancels?",
}
local queries = { "allocator segments", "slow upstream timeouts", "leader follower promotes", "parser tokens stream" }
local settings = { "model.name", "context.documents", "plugins.output", "search.limit" }

local function encode(text)
   return (text:gsub("[^%w ]", function(c) return string.format("%%%02X", c:byte()) end):gsub(" ", "+"))
end

local count = 0

function request()
   count = count + 1
   local turn = count % 10
   if turn == 0 then
      return wrk.format("GET", "/v1/config/" .. settings[count / 10 % #settings + 1])
   elseif turn % 3 == 0 then
      return wrk.format("GET", "/v1/search?q=" .. encode(queries[count % #queries + 1]))
   end
   return wrk.format("GET", "/v1/complete?prompt=" .. encode(questions[count % #questions + 1]))
end

function done(summary)
   local errors = summary.errors
   print(string.format("requests %d, rejected %d, failed %d", summary.requests, errors.status,
      errors.connect + errors.read + errors.write + errors.timeout))
end
