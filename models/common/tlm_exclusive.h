#pragma once

#include <systemc>

namespace coffer {

/// One initiator at a time for a module that keeps state while it calls others: b_transport is re-entrant (IEEE 1666-2011 11.1.1), and as soon as
/// something below calls wait, a second initiator can come in. Costs next to nothing while nobody waits.
class Exclusive {
public:
    /// Holds the module from construction to destruction; waits until the holder before is done.
    class Hold {
    public:
        explicit Hold(Exclusive& exclusive) : exclusive_(exclusive) {
            if (exclusive_.held_) exclusive_.wait_until_free();
            exclusive_.held_ = true;
        }
        ~Hold() {
            exclusive_.held_ = false;
            if (exclusive_.waiting_ != 0) exclusive_.free_.notify();
        }
        Hold(const Hold&) = delete;
        Hold& operator=(const Hold&) = delete;

    private:
        Exclusive& exclusive_;
    };

private:
    void wait_until_free() {
        ++waiting_;
        while (held_) sc_core::wait(free_);
        --waiting_;
    }

    bool held_ = false;
    unsigned waiting_ = 0;
    sc_core::sc_event free_;
};

}  // namespace coffer
