#include "cosim/framework/driver.h"

namespace coffer::cosim {

Driver::Driver(const SignalBundle& bundle, const Traffic& traffic, const Scenario& scenario, double reset_per_cycle, Random& random)
    : bundle_(bundle),
      traffic_(traffic),
      scenario_(scenario),
      reset_per_cycle_(reset_per_cycle),
      random_(random),
      accepted_(traffic.size(), false),
      offered_(bundle.channels().size(), none),
      drives_(bundle.channels().size()) {
    for (const Transfer& transfer : traffic) channel_of_.push_back(bundle.channel(transfer.channel));
    ++reset_left_;  // next_cycle takes one off
}

void Driver::begin_reset() {
    reset_left_ = 1 + static_cast<unsigned>(random_() % 3);
    offered_.assign(offered_.size(), none);
    while (first_open_ > 0 && first_open_ < traffic_.size() && traffic_[first_open_].continues) --first_open_;
    for (std::size_t i = first_open_; i < accepted_.size(); ++i) {
        repeated_ += accepted_[i] ? 1 : 0;
        accepted_[i] = false;
    }
}

bool Driver::may_offer(std::size_t transfer) const {
    if (traffic_[transfer].in_order) return transfer == first_open_;
    std::size_t open = 0;
    for (std::size_t i = first_open_; i < transfer; ++i) {
        if (accepted_[i]) continue;
        if (traffic_[i].in_order) return false;
        ++open;
    }
    return open <= traffic_[transfer].ahead;
}

std::size_t Driver::next_of(std::size_t channel) const {
    for (std::size_t i = first_open_; i < traffic_.size(); ++i)
        if (channel_of_[i] == channel && !accepted_[i]) return may_offer(i) ? i : none;
    return none;
}

void Driver::drive_input(std::size_t channel) {
    std::size_t& offered = offered_[channel];
    Drive& drive = drives_[channel];
    if (offered != none) return;
    if (!in_reset() && !chance(random_, scenario_.idle)) offered = next_of(channel);
    // In a reset, a block must take no notice of what it is offered.
    drive.handshake = in_reset() ? chance(random_, 0.5) : offered != none;
    if (offered != none) {
        drive.fields = traffic_[offered].fields;
        return;
    }
    // A payload that nobody vouches for must not matter.
    drive.fields.clear();
    for (const Port* field : bundle_.channels()[channel].fields) drive.fields.push_back(Bits::random(field->width(), random_));
}

void Driver::drive_output(std::size_t channel, bool was_valid) {
    drives_[channel].handshake = (was_valid || !scenario_.ready_after_valid) && !chance(random_, scenario_.stall);
}

void Driver::next_cycle(const std::vector<bool>& output_valid) {
    if (reset_left_ > 0)
        --reset_left_;
    else if (chance(random_, reset_per_cycle_))
        begin_reset();
    for (std::size_t i = 0; i < drives_.size(); ++i) {
        if (bundle_.channels()[i].into_block)
            drive_input(i);
        else
            drive_output(i, output_valid[i]);
    }
}

const Transfer& Driver::accept(std::size_t channel) {
    const std::size_t transfer = offered_[channel];
    offered_[channel] = none;
    accepted_[transfer] = true;
    while (first_open_ < traffic_.size() && accepted_[first_open_]) ++first_open_;
    return traffic_[transfer];
}

}  // namespace coffer::cosim
