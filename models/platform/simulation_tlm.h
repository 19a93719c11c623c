#pragma once

#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <systemc>

#include "aise/lpid_allocator.h"
#include "common/tlm_process.h"
#include "platform/configuration.h"
#include "platform/guests.h"
#include "platform/platform_tlm.h"
#include "platform/run_result.h"
#include "vm_table/nonvolatile.h"

namespace coffer {

struct SimulationOptions {
    /// File of the chip's non-volatile state; without it a run is that of a chip fresh from the factory.
    std::optional<std::filesystem::path> nonvolatile;
    /// Whether the same platform without protection and tampering runs beside, to be compared with.
    bool twin = true;
    /// Whether every line of every guest is read at the end.
    bool sweep = true;
    /// The file that waves are written to while the simulation runs, without its extension .vcd; none: no waves.
    std::optional<std::string> wave;
    /// Called now and then with the share of accesses made so far, 0 to 1.
    std::function<void(double)> progress;
};

/// One simulation of a configured platform, and of its unprotected twin beside it. Once per process.
class Simulation : public sc_core::sc_module {
public:
    COFFER_HAS_PROCESS(Simulation);
    /// Throws InputError for whatever of the configuration or its traces cannot be used.
    Simulation(const Configuration& configuration, const SimulationOptions& options);
    ~Simulation() override;

    /// Runs to the end of all traces, settles memory, and reads all of it. Throws InputError for what shows only then.
    RunResult run();

    PlatformTlm& platform() { return *platform_; }
    const std::vector<Guest>& guests() const { return guests_; }
    /// The domains, as they were when memory was settled.
    const std::vector<DumpDomain>& domains() const { return domains_; }
    Lpid gpc() const { return lpids_->peek(); }

private:
    void supervise();
    void play();
    void finish();
    void check_stops(const PlatformTlm& platform) const;
    PlayResult play_result(const TenantTlm& tenant) const;
    SweepResult sweep(TenantTlm& tenant, TenantTlm* twin);

    const Configuration configuration_;
    const Configuration twin_configuration_;
    const SimulationOptions options_;
    std::vector<Guest> guests_;
    std::unique_ptr<NonVolatile> nonvolatile_;
    std::unique_ptr<LpidAllocator> lpids_;
    std::unique_ptr<NonVolatile> twin_nonvolatile_;
    std::unique_ptr<LpidAllocator> twin_lpids_;
    std::unique_ptr<PlatformTlm> platform_;
    std::unique_ptr<PlatformTlm> twin_;
    sc_core::sc_trace_file* wave_ = nullptr;
    std::vector<DumpDomain> domains_;
    RunResult result_;
    std::exception_ptr failure_;
    bool finished_ = false;
};

}  // namespace coffer
