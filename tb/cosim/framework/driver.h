#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cosim/framework/signal_bundle.h"
#include "cosim/framework/traffic.h"

namespace coffer::cosim {

/// Brings traffic to a block's channels as a scenario wants it. Decides per cycle what every input of the block is;
/// what a level then sees is the bench's.
class Driver {
public:
    /// All of them outlive the driver.
    Driver(const SignalBundle& bundle, const Traffic& traffic, const Scenario& scenario, double reset_per_cycle, Random& random);

    /// What the ports of a channel are in a cycle: of an input channel valid and fields, of an output channel ready.
    struct Drive {
        bool handshake = false;
        std::vector<Bits> fields;
    };

    /// Chooses the inputs of the next cycle. `output_valid`: by channel, whether it was valid in the last cycle.
    void next_cycle(const std::vector<bool>& output_valid);
    bool in_reset() const { return reset_left_ > 0; }
    const Drive& drive(std::size_t channel) const { return drives_[channel]; }

    /// The block accepted what the channel offers: the transfer.
    const Transfer& accept(std::size_t channel);
    /// Whether everything was accepted.
    bool done() const { return first_open_ == traffic_.size(); }
    /// Accepted transfers that had to be offered again because a reset tore their session.
    std::uint64_t repeated() const { return repeated_; }

private:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    void begin_reset();
    bool may_offer(std::size_t transfer) const;
    std::size_t next_of(std::size_t channel) const;
    void drive_input(std::size_t channel);
    void drive_output(std::size_t channel, bool was_valid);

    const SignalBundle& bundle_;
    const Traffic& traffic_;
    const Scenario& scenario_;
    double reset_per_cycle_;
    Random& random_;
    std::vector<std::size_t> channel_of_;  // by transfer
    std::vector<bool> accepted_;           // by transfer
    std::size_t first_open_ = 0;
    std::vector<std::size_t> offered_;  // by channel, the transfer
    std::vector<Drive> drives_;         // by channel
    unsigned reset_left_ = 2;
    std::uint64_t repeated_ = 0;
};

}  // namespace coffer::cosim
