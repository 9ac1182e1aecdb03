// SPDX-License-Identifier: Apache-2.0
// The smallest coroutine that can be kept, resumed or forgotten.
#pragma once
#include <coroutine>
#include <cstdlib>
#include <utility>

class Routine {
  public:
    struct promise_type {
        Routine get_return_object() { return Routine(std::coroutine_handle<promise_type>::from_promise(*this)); }
        std::suspend_never initial_suspend() { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { abort(); }
    };

    Routine(Routine &&other) : handle(std::exchange(other.handle, nullptr)) {}
    ~Routine() {
        if (handle)
            handle.destroy();
    }
    void resume() { handle.resume(); }
    // Nobody will destroy its frame.
    void forget() { handle = nullptr; }

  private:
    explicit Routine(std::coroutine_handle<promise_type> handle) : handle(handle) {}
    std::coroutine_handle<promise_type> handle;
};
