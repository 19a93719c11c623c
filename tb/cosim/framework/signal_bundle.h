#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <systemc>

#include "cosim/framework/port.h"

namespace coffer::cosim {

/// A ready/valid channel: valid, ready, and the fields of its payload in the order of a transfer's.
struct Channel {
    std::string name;
    bool into_block = true;
    Port* valid = nullptr;
    Port* ready = nullptr;
    std::vector<Port*> fields;
};

/// All ports of a block, at both levels: what a driver moves and a comparison looks at. A block's bundle adds its ports in its constructor; a SystemC
/// port left out stops the elaboration.
class SignalBundle {
public:
    virtual ~SignalBundle() = default;

    Port& clock() { return *clock_; }
    Port& reset() { return *reset_; }
    std::vector<Channel>& channels() { return channels_; }
    const std::vector<Channel>& channels() const { return channels_; }
    /// Everything that the block drives.
    const std::vector<Port*>& outputs() const { return outputs_; }
    const std::vector<std::unique_ptr<Port>>& ports() const { return ports_; }
    /// Throws std::out_of_range for a name that is none.
    Port& port(const std::string& name) { return const_cast<Port&>(std::as_const(*this).port(name)); }
    const Port& port(const std::string& name) const;
    /// Index of a channel; throws std::out_of_range for a name that is none.
    std::size_t channel(const std::string& name) const;

protected:
    /// The ports `clk` and `rst_n`, which every block has.
    template <class Systemc, class Rtl>
    void add_clock_and_reset(Systemc& systemc, Rtl& rtl) {
        clock_ = &add("clk", systemc.clk, rtl.clk);
        reset_ = &add("rst_n", systemc.rst_n, rtl.rst_n);
    }

    template <class ValidPort, class ReadyPort, class Word>
    void add_channel(const std::string& name, ValidPort& valid, Word& rtl_valid, ReadyPort& ready, Word& rtl_ready) {
        Channel channel;
        channel.name = name;
        channel.into_block = is_input(valid);
        channel.valid = &add(name + "_valid", valid, rtl_valid);
        channel.ready = &add(name + "_ready", ready, rtl_ready);
        channels_.push_back(channel);
    }

    /// A field of the channel added last.
    template <class SystemcPort, class Word>
    void add_field(const std::string& name, SystemcPort& systemc, Word& rtl) {
        channels_.back().fields.push_back(&add(channels_.back().name + "_" + name, systemc, rtl));
    }

    /// A port of no channel: an output is compared in every cycle, an input is held by whoever asks for it by name.
    template <class SystemcPort, class Word>
    Port& add(const std::string& name, SystemcPort& systemc, Word& rtl) {
        ports_.push_back(make_port(name, systemc, rtl));
        if (!is_input(systemc)) outputs_.push_back(ports_.back().get());
        return *ports_.back();
    }

private:
    template <class T>
    static constexpr bool is_input(const sc_core::sc_in<T>&) {
        return true;
    }
    template <class T>
    static constexpr bool is_input(const sc_core::sc_out<T>&) {
        return false;
    }

    std::vector<std::unique_ptr<Port>> ports_;
    std::vector<Port*> outputs_;
    std::vector<Channel> channels_;
    Port* clock_ = nullptr;
    Port* reset_ = nullptr;
};

}  // namespace coffer::cosim
