#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <deque>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <systemc>
#include <utility>
#include <vector>

namespace coffer::synth::test {

/// The seed of a test's traffic: COFFER_SEED, or the same number each time. It is printed with every failure of the test that holds the bench.
inline std::uint64_t traffic_seed() {
    const char* text = std::getenv("COFFER_SEED");
    return text == nullptr ? 20110615 : std::strtoull(text, nullptr, 0);
}

/// One end of a ready/valid channel. A cycle is: every port drives, signals settle, every port looks at its handshake, clock edge.
class Port {
public:
    virtual ~Port() = default;
    virtual void drive() = 0;
    /// Turns the receivers' ready over before the edge and back again: nothing but ready signals may follow.
    virtual void probe(bool) {}
    virtual void sample(std::uint64_t cycle) = 0;
    virtual bool done() const = 0;
};

/// Clock and reset of one module, and the loop that moves its ports. One simulation per process: one bench per test.
class ClockedBench {
public:
    ClockedBench() : random(traffic_seed()), trace_("seed", __LINE__, "COFFER_SEED=" + std::to_string(traffic_seed())) {}

    template <class Module>
    void clock(Module& module) {
        module.clk(clk_);
        module.rst_n(rst_n_);
    }
    void add(Port& port) { ports_.push_back(&port); }

    /// Two edges with reset; it begins the simulation or interrupts it.
    void reset() {
        rst_n_ = false;
        edge();
        edge();
        rst_n_ = true;
    }

    void step() {
        for (Port* port : ports_) port->drive();
        settle();
        for (const bool on : {true, false}) {
            for (Port* port : ports_) port->probe(on);
            settle();
        }
        for (Port* port : ports_) port->sample(cycle_);
        edge();
        ++cycle_;
    }

    /// Until every port has sent or received what it has to; fails after `limit` cycles.
    void run(std::uint64_t limit) {
        const std::uint64_t end = cycle_ + limit;
        while (!all_done()) {
            ASSERT_LT(cycle_, end) << "traffic is stuck";
            step();
        }
    }

    std::uint64_t cycle() const { return cycle_; }

    std::mt19937_64 random;

private:
    static void settle() { sc_core::sc_start(1, sc_core::SC_NS); }
    void edge() {
        clk_ = true;
        settle();
        clk_ = false;
        settle();
    }
    bool all_done() const {
        for (const Port* port : ports_)
            if (!port->done()) return false;
        return true;
    }

    testing::ScopedTrace trace_;
    sc_core::sc_signal<bool> clk_{"clk"};
    sc_core::sc_signal<bool> rst_n_{"rst_n"};
    std::vector<Port*> ports_;
    std::uint64_t cycle_ = 0;
};

/// Sends items into a channel. Between them it shows what comes last, without valid,
/// so that a module that does not look at valid takes the wrong item.
template <class Item>
class Source : public Port {
public:
    /// `show` puts an item's fields on their signals.
    Source(ClockedBench& bench, std::function<void(const Item&)> show) : bench_(bench), show_(std::move(show)) { bench.add(*this); }

    template <class Valid, class Ready>
    void bind(Valid& module_valid, Ready& module_ready) {
        module_valid(valid_);
        module_ready(ready_);
    }

    void send(Item item) { items_.push_back(std::move(item)); }
    /// Of 100 cycles in which an item could be offered, so many begin without.
    void stall(unsigned percent) { stall_percent_ = percent; }
    /// Cycles of the transfers, in order.
    const std::vector<std::uint64_t>& cycles() const { return cycles_; }

    void drive() override {
        if (!offered_) offered_ = !items_.empty() && bench_.random() % 100 >= stall_percent_;
        valid_ = offered_;
        if (!items_.empty()) show_(offered_ ? items_.front() : items_.back());
    }
    void sample(std::uint64_t cycle) override {
        if (!offered_ || !ready_.read()) return;
        items_.pop_front();
        cycles_.push_back(cycle);
        offered_ = false;
    }
    bool done() const override { return items_.empty(); }
    /// Takes back what was not transferred; only with a reset.
    void forget() {
        items_.clear();
        offered_ = false;
    }

private:
    ClockedBench& bench_;
    std::function<void(const Item&)> show_;
    sc_core::sc_signal<bool> valid_;
    sc_core::sc_signal<bool> ready_;
    std::deque<Item> items_;
    std::vector<std::uint64_t> cycles_;
    unsigned stall_percent_ = 0;
    bool offered_ = false;
};

/// Receives items from a channel. Fails when valid falls or the item changes while it waits, and when valid depends on ready.
template <class Item>
class Sink : public Port {
public:
    /// `read` makes an item of the fields' signals.
    Sink(ClockedBench& bench, std::function<Item()> read) : bench_(bench), read_(std::move(read)) { bench.add(*this); }

    template <class Valid, class Ready>
    void bind(Valid& module_valid, Ready& module_ready) {
        module_valid(valid_);
        module_ready(ready_);
    }

    /// The next item; std::nullopt for one that may be any.
    void expect(std::optional<Item> item) { expected_.push_back(std::move(item)); }
    /// Of 100 cycles so many are not ready.
    void stall(unsigned percent) { stall_percent_ = percent; }
    const std::vector<std::uint64_t>& cycles() const { return cycles_; }

    void drive() override {
        accepts_ = bench_.random() % 100 >= stall_percent_;
        ready_ = accepts_;
        probed_.reset();
    }
    void probe(bool on) override {
        if (!probed_) probed_ = valid_.read();
        EXPECT_EQ(valid_.read(), *probed_) << "valid waits for ready in cycle " << bench_.cycle();
        ready_ = on ? !accepts_ : accepts_;
    }
    void sample(std::uint64_t cycle) override {
        EXPECT_EQ(valid_.read(), *probed_) << "valid waits for ready in cycle " << cycle;
        if (waiting_) {
            EXPECT_TRUE(valid_.read()) << "valid fell in cycle " << cycle;
            EXPECT_TRUE(read_() == *waiting_) << "the item changed in cycle " << cycle;
        }
        waiting_.reset();
        if (!valid_.read()) return;
        if (!accepts_) {
            waiting_ = read_();
            return;
        }
        if (expected_.empty()) {
            ADD_FAILURE() << "an item that nobody asked for, in cycle " << cycle;
            return;
        }
        EXPECT_TRUE(!expected_.front() || read_() == *expected_.front()) << "wrong item " << cycles_.size() << ", in cycle " << cycle;
        expected_.pop_front();
        cycles_.push_back(cycle);
    }
    bool done() const override { return expected_.empty(); }
    /// After a reset: what was to come does not come.
    void forget() {
        waiting_.reset();
        expected_.clear();
    }

private:
    ClockedBench& bench_;
    std::function<Item()> read_;
    sc_core::sc_signal<bool> valid_;
    sc_core::sc_signal<bool> ready_;
    std::deque<std::optional<Item>> expected_;
    std::vector<std::uint64_t> cycles_;
    std::optional<Item> waiting_;
    std::optional<bool> probed_;
    unsigned stall_percent_ = 0;
    bool accepts_ = false;
};

}  // namespace coffer::synth::test
