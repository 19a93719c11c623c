#include "platform/simulation_tlm.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "common/errors.h"
#include "vm_table/file_nonvolatile.h"

namespace coffer {

namespace {

using Stop = TracePlayerTlm::Stop;

/// The same platform, traces and timing, with neither protection nor adversary.
Configuration unprotected(Configuration c) {
    c.protection = ProtectionConfiguration::none;
    c.scheme.encrypt = false;
    c.tamper.clear();
    return c;
}

std::unique_ptr<NonVolatile> make_nonvolatile(const Configuration& c, const std::optional<std::filesystem::path>& file) {
    const ChipNumber chip(c.chip_number);
    if (file) return std::make_unique<FileNonVolatile>(*file, chip);
    return std::make_unique<MemoryNonVolatile>(chip);
}

}  // namespace

Simulation::Simulation(const Configuration& configuration, const SimulationOptions& options)
    : sc_module(sc_core::sc_module_name("simulation")),
      configuration_(configuration),
      twin_configuration_(unprotected(configuration)),
      options_(options),
      guests_(place_guests(configuration)),
      nonvolatile_(make_nonvolatile(configuration, options.nonvolatile)),
      lpids_(std::make_unique<LpidAllocator>(*nonvolatile_)) {
    tlm::tlm_global_quantum::instance().set(sc_core::sc_time(configuration_.quantum_ns, sc_core::SC_NS));
    platform_ = std::make_unique<PlatformTlm>("platform", configuration_, guests_, *lpids_);
    if (options_.twin) {
        twin_nonvolatile_ = make_nonvolatile(configuration_, std::nullopt);
        twin_lpids_ = std::make_unique<LpidAllocator>(*twin_nonvolatile_);
        twin_ = std::make_unique<PlatformTlm>("unprotected", twin_configuration_, guests_, *twin_lpids_);
    }
    if (options_.wave) {
        wave_ = sc_core::sc_create_vcd_trace_file(options_.wave->c_str());
        wave_->set_time_unit(1, sc_core::SC_PS);  // the kernel's resolution
        platform_->trace(wave_);
        if (twin_) twin_->trace(wave_);
    }
    SC_THREAD(supervise);
}

Simulation::~Simulation() {
    // Waves of a run that failed are not wanted, and closing a file without any would print a report about it.
    if (wave_ != nullptr && finished_) sc_core::sc_close_vcd_trace_file(wave_);
}

RunResult Simulation::run() {
    sc_core::sc_start();
    if (failure_) std::rethrow_exception(failure_);
    if (!finished_) throw std::logic_error("the simulation ended before its players");
    return std::move(result_);
}

void Simulation::supervise() {
    // The kernel would make a report of what is thrown here, and lose its type.
    try {
        play();
        check_stops(*platform_);
        if (twin_) check_stops(*twin_);
        finish();
        finished_ = true;
    } catch (...) {
        failure_ = std::current_exception();
        sc_core::sc_stop();
    }
}

void Simulation::play() {
    using Clock = std::chrono::steady_clock;
    constexpr auto pause = std::chrono::milliseconds(200);
    std::uint64_t total = 0;
    for (const Guest& guest : guests_) total += guest.trace_accesses;
    if (twin_) total *= 2;

    const sc_core::sc_time quantum = tlm::tlm_global_quantum::instance().get();
    Clock::time_point next = Clock::now() + pause;
    while (!platform_->done() || (twin_ && !twin_->done())) {
        if (wave_ != nullptr) {
            platform_->sample();
            if (twin_) twin_->sample();
        }
        wait(quantum);
        if (!options_.progress || Clock::now() < next) continue;
        next = Clock::now() + pause;
        const std::uint64_t accesses = platform_->accesses() + (twin_ ? twin_->accesses() : 0);
        options_.progress(static_cast<double>(accesses) / static_cast<double>(total));
    }
    platform_->sample();
    if (twin_) twin_->sample();
}

void Simulation::check_stops(const PlatformTlm& platform) const {
    for (const auto& tenant : platform.tenants()) {
        const TracePlayerTlm& player = tenant->player;
        if (player.stop() == Stop::bad_source) throw InputError("", player.stop_text());
        if (player.stop() == Stop::out_of_pages)
            throw InputError(configuration_.where(tenant->guest().key + "pages"), player.stop_text(),
                             "more pages, or 0 for as many as the trace touches");
        const bool may_fail = platform.protection.violations.count() != 0;
        if (player.stop() == Stop::error_response && !may_fail) throw std::logic_error(player.stop_text() + ", without a violation");
    }
}

PlayResult Simulation::play_result(const TenantTlm& tenant) const {
    const TracePlayerTlm& player = tenant.player;
    return {player.stop() == Stop::end_of_trace || player.stop() == Stop::max_accesses, player.stop_text(), player.accesses(),
            player.finish_time() / sc_core::sc_time(1, sc_core::SC_NS), player.digest()};
}

void Simulation::finish() {
    for (std::size_t i = 0; i != guests_.size(); ++i) {
        TenantResult& tenant = result_.tenants.emplace_back();
        tenant.name = guests_[i].name;
        tenant.vmid = guests_[i].vmid;
        tenant.play = play_result(*platform_->tenants()[i]);
        if (twin_) tenant.twin = play_result(*twin_->tenants()[i]);
    }
    result_.configuration = effective_values(configuration_);
    platform_->collect(result_.platform);
    if (twin_) twin_->collect(result_.twin.emplace("unprotected"));

    domains_ = platform_->settle();
    if (twin_) (void)twin_->settle();
    for (std::size_t i = 0; options_.sweep && i != guests_.size(); ++i) {
        TenantResult& tenant = result_.tenants[i];
        tenant.sweep = sweep(*platform_->tenants()[i], tenant.comparable() ? twin_->tenants()[i].get() : nullptr);
    }

    constexpr std::size_t kept = 1000;
    const std::vector<Violation>& violations = platform_->protection.violations.violations();
    result_.violation_count = platform_->protection.violations.count();
    result_.violations.assign(violations.begin(), violations.begin() + static_cast<std::ptrdiff_t>(std::min(kept, violations.size())));
    result_.tampering = platform_->tamper_outcomes();
}

SweepResult Simulation::sweep(TenantTlm& tenant, TenantTlm* twin) {
    SweepResult result;
    Block64 data;
    Block64 expected;
    for (Address gpa = 0; gpa != tenant.guest().pages * page_bytes; gpa += line_bytes) {
        ++result.lines;
        const bool given = tenant.reader.read_line(gpa, data.data());
        if (!given) ++result.refused;
        if (twin == nullptr) continue;
        if (!twin->reader.read_line(gpa, expected.data())) throw std::logic_error("the unprotected twin refuses a line");
        result.different += given && data != expected;
    }
    return result;
}

}  // namespace coffer
