#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <stdexcept>
#include <string_view>

#include "common/units.h"

namespace coffer::kill {

inline constexpr unsigned chips = 2;
inline constexpr unsigned vms = 3;

/// What a chip was doing when it was killed.
enum class Phase : std::uint8_t {
    boot,
    install,
    running,
    overflow,
    lpid_batch,
    snapshot,
    store_snapshot,
    log_copy,
    log_register,
    move,
    release,
    arrive,
};
inline constexpr std::array<std::string_view, 12> phase_names{"boot",           "install",  "running",      "overflow", "LPID batch", "snapshot",
                                                              "store snapshot", "log copy", "log register", "move",     "release",    "arrive"};

/// When a process is to stand still, so that the campaign can kill it there: `delay` after it has entered the phase for the `entries`-th time.
struct Moment {
    std::atomic<Phase> phase{Phase::boot};
    std::atomic<int> entries{0};  ///< 0: never
    std::atomic<std::uint32_t> delay_ns{0};

    void reached(Phase entered) {
        if (entries > 0 && entered == phase && --entries == 0) stand_still_soon();
    }

private:
    void stand_still_soon() const {
        sigevent event{};
        event.sigev_notify = SIGEV_SIGNAL;
        event.sigev_signo = SIGSTOP;
        timer_t timer;
        itimerspec when{};
        when.it_value.tv_nsec = static_cast<long>(delay_ns) + 1;
        if (::timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 || ::timer_settime(timer, 0, &when, nullptr) != 0) throw std::runtime_error("no timer");
    }
};

/// What is known of a VM from outside: set around the chip's own steps, so that a kill leaves it between the two.
struct VmFacts {
    std::atomic<std::uint64_t> begun{0};     ///< sequence of the latest snapshot or move that was begun
    std::atomic<std::uint64_t> accepted{0};  ///< sequence of the latest that was reported as done
    std::atomic<bool> moving{false};         ///< migrate_out was called
    std::atomic<bool> released{false};       ///< its blob is in storage
    std::atomic<bool> arrived{false};        ///< the target installed it
};

/// Where a check found a VM.
struct Found {
    unsigned chip = chips;  ///< `chips`: on none
    std::uint64_t sequence = 0;
};

/// Memory that all processes of the campaign share and that outlives the ones that are killed.
struct SharedFacts {
    static constexpr std::size_t max_lpids = std::size_t{16} << 20;

    std::array<std::atomic<Phase>, chips> phase;
    std::array<Moment, chips> moment;
    std::array<VmFacts, vms> vm;
    std::atomic<bool> stop{false};  ///< whoever was not killed comes to an end
    std::array<Found, vms> found;
    std::array<char, 1024> message;
    std::atomic<std::size_t> lpid_count{0};
    std::array<Lpid, max_lpids> lpids;  ///< all that were ever given out, written before anybody uses them

    void note(Lpid lpid) { lpids.at(lpid_count++) = lpid; }
    void complain(std::string_view text) {
        const std::size_t length = std::min(text.size(), message.size() - 1);
        std::memcpy(message.data(), text.data(), length);
        message[length] = 0;
    }
};

/// Sets a chip's phase while it lives.
class InPhase {
public:
    InPhase(SharedFacts& facts, unsigned chip, Phase phase) : phase_(facts.phase[chip]), before_(phase_.exchange(phase)) {
        facts.moment[chip].reached(phase);
    }
    ~InPhase() { phase_ = before_; }
    InPhase(const InPhase&) = delete;
    InPhase& operator=(const InPhase&) = delete;

private:
    std::atomic<Phase>& phase_;
    const Phase before_;
};

}  // namespace coffer::kill
