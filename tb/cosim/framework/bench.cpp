#include "cosim/framework/bench.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace coffer::cosim {

namespace {

constexpr std::uint64_t half_cycle_ps = 500;

Bits one_bit(bool value) { return Bits(1, value ? 1 : 0); }

/// An expected value of width 0 is none.
bool agree(const Bits& value, const Bits& expected) { return expected.width() == 0 || value == expected; }

bool agree(const std::vector<Bits>& values, const std::vector<Bits>& expected) {
    return std::equal(values.begin(), values.end(), expected.begin(), expected.end(), [](const Bits& a, const Bits& b) { return agree(a, b); });
}

}  // namespace

Observed Bench::run(const Traffic& traffic, const Scenario& scenario, Scoreboard& scoreboard, Random& random, double reset_per_cycle,
                    const std::optional<Fault>& fault) {
    Driver driver(bundle_, traffic, scenario, reset_per_cycle, random);
    scoreboard_ = &scoreboard;
    fault_ = fault;
    observed_ = Observed{};
    last_progress_ = 0;
    failure_.clear();
    waiting_.assign(bundle_.channels().size(), Waiting{});
    valid_.assign(bundle_.channels().size(), false);
    bool was_in_reset = false;
    while (failure_.empty() && !(driver.done() && expected_.empty() && !driver.in_reset())) {
        driver.next_cycle(valid_);
        if (driver.in_reset() && !was_in_reset) forget_what_is_in_flight();
        was_in_reset = driver.in_reset();
        apply(driver);
        settle_and_compare();
        if (failure_.empty() && !driver.in_reset()) {
            take_inputs(driver);
            check_other_outputs();
            take_outputs(driver);
        }
        clock_edge();
        if (++observed_.cycles - last_progress_ > patience)
            fail(fmt::format("stuck: {} transfers were accepted, {} answered, and nothing has moved for {} cycles", observed_.accepted, observed_.answered,
                             patience));
    }
    expected_.clear();
    observed_.repeated = driver.repeated();
    return observed_;
}

void Bench::apply(const Driver& driver) {
    apply_field(bundle_.reset(), one_bit(!driver.in_reset()));
    for (std::size_t i = 0; i < bundle_.channels().size(); ++i) {
        const Channel& channel = bundle_.channels()[i];
        const Driver::Drive& drive = driver.drive(i);
        apply_field(channel.into_block ? *channel.valid : *channel.ready, one_bit(drive.handshake));
        for (std::size_t field = 0; field < drive.fields.size(); ++field) apply_field(*channel.fields[field], drive.fields[field]);
    }
}

void Bench::apply_field(Port& port, const Bits& value) {
    port.set(value);
    if (!fault_ || fault_->port != port.name() || observed_.cycles < fault_->cycle) return;
    Bits wrong = value;
    wrong.flip(fault_->bit);
    if (fault_->both_levels)
        port.set(wrong);
    else
        port.set(fault_->level, wrong);
}

Bits Bench::observe(const Port& port, Level level) const {
    Bits value = port.get(level);
    if (fault_ && fault_->level == level && fault_->port == port.name() && observed_.cycles == fault_->cycle) value.flip(fault_->bit);
    return value;
}

void Bench::settle_and_compare() {
    bundle_.clock().set(one_bit(false));
    sc_core::sc_start(sc_core::sc_time(half_cycle_ps, sc_core::SC_PS));
    device_.evaluate_rtl();
    device_.sample_wave(half_cycles_++ * half_cycle_ps);
    if (recording_) recording_->add_cycle();
    for (const Port* port : bundle_.outputs()) {
        const Bits systemc = observe(*port, Level::systemc);
        const Bits rtl = observe(*port, Level::rtl);
        if (systemc == rtl) continue;
        fail(fmt::format("{} differs: SystemC {}, RTL {}", port->name(), systemc.hex(), rtl.hex()));
        return;
    }
}

void Bench::clock_edge() {
    bundle_.clock().set(one_bit(true));
    sc_core::sc_start(sc_core::sc_time(half_cycle_ps, sc_core::SC_PS));
    device_.evaluate_rtl();
    device_.sample_wave(half_cycles_++ * half_cycle_ps);
}

void Bench::forget_what_is_in_flight() {
    ++observed_.resets;
    observed_.dropped += expected_.size();
    expected_.clear();
    waiting_.assign(waiting_.size(), Waiting{});
    scoreboard_->reset();
}

void Bench::take_inputs(Driver& driver) {
    for (std::size_t i = 0; i < bundle_.channels().size(); ++i) {
        const Channel& channel = bundle_.channels()[i];
        if (!channel.into_block || !driver.drive(i).handshake || !channel.ready->get(Level::rtl).bit(0)) continue;
        const Transfer& transfer = driver.accept(i);
        ++observed_.accepted;
        last_progress_ = observed_.cycles;
        std::optional<std::vector<Bits>> answer = scoreboard_->predict(transfer);
        if (!transfer.expected.empty() && (!answer || !agree(*answer, transfer.expected))) return fail("the reference level differs from the standard's vector");
        if (answer) expected_.push_back({std::move(*answer), observed_.cycles, scoreboard_->stream(transfer)});
    }
}

void Bench::check_other_outputs() {
    const std::string wrong = scoreboard_->check(bundle_, expected_.empty() ? nullptr : &expected_.front().fields);
    if (!wrong.empty()) fail(wrong);
}

void Bench::take_outputs(const Driver& driver) {
    for (std::size_t i = 0; i < bundle_.channels().size() && failure_.empty(); ++i) {
        const Channel& channel = bundle_.channels()[i];
        if (channel.into_block) continue;
        valid_[i] = channel.valid->get(Level::rtl).bit(0);
        std::vector<Bits> fields;
        for (const Port* field : channel.fields) fields.push_back(field->get(Level::rtl));
        check_stable(i, valid_[i], fields);
        const bool taken = valid_[i] && driver.drive(i).handshake;
        if (taken && failure_.empty()) take_answer(channel, fields);
        waiting_[i] = {valid_[i] && !taken, std::move(fields)};
    }
}

void Bench::check_stable(std::size_t channel, bool valid, const std::vector<Bits>& fields) {
    const Waiting& before = waiting_[channel];
    const std::string& name = bundle_.channels()[channel].name;
    if (!before.valid) return;
    if (!valid)
        fail(name + "_valid was withdrawn before the transfer");
    else if (fields != before.fields)
        fail("the payload of " + name + " changed before the transfer");
}

/// The first answer of a stream that `fields` agree with.
std::deque<Bench::Expected>::iterator Bench::answered_by(const std::vector<Bits>& fields) {
    std::set<unsigned> streams;
    return std::find_if(expected_.begin(), expected_.end(),
                        [&](const Expected& expected) { return streams.insert(expected.stream).second && agree(fields, expected.fields); });
}

void Bench::take_answer(const Channel& channel, const std::vector<Bits>& fields) {
    if (expected_.empty()) return fail("an answer on " + channel.name + " to nothing that was accepted");
    const auto found = answered_by(fields);
    if (found == expected_.end()) {
        const std::vector<Bits>& oldest = expected_.front().fields;
        for (std::size_t i = 0; i < fields.size(); ++i)
            if (!agree(fields[i], oldest.at(i)))
                return fail(fmt::format("wrong result on {}: {}, by the reference level {}", channel.fields[i]->name(), fields[i].hex(), oldest[i].hex()));
    }
    const std::uint64_t latency = observed_.cycles - found->accepted_in;
    expected_.erase(found);
    observed_.shortest = std::min(observed_.shortest, latency);
    observed_.longest = std::max(observed_.longest, latency);
    if (observed_.answered++ == 0) first_answer_ = observed_.cycles;
    observed_.answering = observed_.cycles - first_answer_;
    last_progress_ = observed_.cycles;
}

void Bench::fail(const std::string& what) {
    if (failure_.empty()) failure_ = fmt::format("cycle {}: {}\n{}", observed_.cycles, what, table());
}

std::string Bench::table() const {
    std::string rows;
    for (const auto& port : bundle_.ports()) {
        const std::string systemc = observe(*port, Level::systemc).hex();
        const std::string rtl = observe(*port, Level::rtl).hex();
        if (systemc == rtl)
            rows += fmt::format("  {:<24}{}\n", port->name(), systemc);
        else
            rows += fmt::format("  {:<24}{} in SystemC\n  {:<24}{} in RTL\n", port->name(), systemc, "", rtl);
    }
    return rows;
}

}  // namespace coffer::cosim
