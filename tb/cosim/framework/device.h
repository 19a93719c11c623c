#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <systemc>
// Verilator's headers look for it here once they see SystemC.
using sc_core::sc_time_stamp;
#include <verilated.h>
#include <verilated_cov.h>
#include <verilated_fst_c.h>

#include "common/errors.h"
#include "cosim/framework/signal_bundle.h"

namespace coffer::cosim {

/// A block at both levels behind one bundle.
class Device {
public:
    virtual ~Device() = default;
    virtual SignalBundle& bundle() = 0;
    /// Settles the RTL after its inputs changed.
    virtual void evaluate_rtl() = 0;
    /// Begins an FST wave of everything in the RTL. Throws InputError where the file cannot be written.
    virtual void open_wave(const std::string& path) = 0;
    /// Adds the present values to the wave, if there is one.
    virtual void sample_wave(std::uint64_t picoseconds) = 0;
    /// Writes the counts of the coverage points of a model that has them.
    virtual void write_coverage(const std::string& path) = 0;
};

/// Throws InputError, in place of the library's silence, unless `path` can be written.
void check_writable(const std::string& path);

/// Whether a Verilated model was made with waves.
template <class Rtl, class = void>
struct HasWaves : std::false_type {};
template <class Rtl>
struct HasWaves<Rtl, std::void_t<decltype(std::declval<Rtl&>().trace(std::declval<VerilatedFstC*>(), 0))>> : std::true_type {};

/// `Bundle`'s constructor takes the SystemC module and the Verilated model.
template <class Bundle, class Systemc, class Rtl>
class DeviceOf : public Device {
public:
    DeviceOf() : rtl_(&context_, "rtl"), systemc_("systemc"), bundle_(systemc_, rtl_) {}
    ~DeviceOf() override {
        if (wave_) wave_->close();
        rtl_.final();
    }

    SignalBundle& bundle() override { return bundle_; }
    void evaluate_rtl() override { rtl_.eval(); }
    void open_wave(const std::string& path) override {
        if constexpr (HasWaves<Rtl>::value) {
            check_writable(path);
            context_.traceEverOn(true);
            wave_ = std::make_unique<VerilatedFstC>();
            rtl_.trace(wave_.get(), all_levels);
            wave_->open(path.c_str());
        } else {
            throw InputError(path, "this model was made without waves");
        }
    }
    void sample_wave(std::uint64_t picoseconds) override {
        if (wave_) wave_->dump(picoseconds);
    }
    void write_coverage(const std::string& path) override { context_.coveragep()->write(path.c_str()); }

private:
    static constexpr int all_levels = 99;

    VerilatedContext context_;
    Rtl rtl_;
    Systemc systemc_;
    Bundle bundle_;
    std::unique_ptr<VerilatedFstC> wave_;
};

template <class Bundle, class Systemc, class Rtl>
std::unique_ptr<Device> make_device() {
    return std::make_unique<DeviceOf<Bundle, Systemc, Rtl>>();
}

}  // namespace coffer::cosim
