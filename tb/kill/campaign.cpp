#include "kill/campaign.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <fstream>
#include <stdexcept>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/errors.h"
#include "crypto/sha256.h"
#include "unit/test_chips.h"
#include "vm_table/vm_log.h"

namespace coffer::kill {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

fs::path chip_file(const fs::path& directory, unsigned chip) { return directory / ("chip-" + std::to_string(chip)); }

/// Makes any GPC look intact.
void renew_digest(const fs::path& file) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    std::array<std::uint8_t, sizeof(Lpid)> gpc;
    if (!stream.read(reinterpret_cast<char*>(gpc.data()), gpc.size())) return;
    const crypto::Digest digest = crypto::sha256({gpc});
    stream.seekp(gpc.size());
    stream.write(reinterpret_cast<const char*>(digest.data()), digest.size());
}

}  // namespace

Campaign::Campaign(fs::path directory, std::uint64_t seed, Fault fault)
    : directory_(std::move(directory)), storage_(directory_), random_(seed), fault_(fault) {
    void* shared = ::mmap(nullptr, sizeof(SharedFacts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (shared == MAP_FAILED) throw std::runtime_error("no shared memory");
    facts_ = static_cast<SharedFacts*>(shared);  // zeros are what all of it starts with
    for (unsigned place = 0; place < vms; ++place) renew(place);
    for (unsigned chip = 1; chip <= chips; ++chip) (void)test_chip(chip);
}

Campaign::~Campaign() { ::munmap(facts_, sizeof(SharedFacts)); }

bool Campaign::every_phase_was_hit() const {
    for (const std::uint64_t killed : counts_.killed)
        if (killed == 0) return false;
    return true;
}

/// A new VM takes the place of one that is lost.
void Campaign::renew(unsigned place) {
    CampaignVm& vm = vm_[place];
    vm.number = ++numbers_;
    vm.home = draw(chips);
    vm.visited = {};
    vm.visited[vm.home] = true;
    for (unsigned chip = 0; chip < chips; ++chip) vm.vm_key[chip] = wrapped_for(test_chip(chip + 1), vm.k_vm());
    facts_->vm[place].accepted = 0;
    facts_->vm[place].begun = 0;
}

template <class Function>
Campaign::Process Campaign::start(Function&& function) {
    const pid_t id = ::fork();
    if (id < 0) throw std::runtime_error("no process");
    if (id > 0) return {id, false};
    try {
        // A campaign that is killed itself leaves nobody behind.
        if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != campaign_) throw std::runtime_error("the campaign is gone");
        function();
    } catch (const std::exception& error) {
        facts_->complain(error.what());
        ::_exit(1);
    }
    ::_exit(0);  // as when the power is lost: nothing is written that has not been
}

/// Waits for a process. One that was not killed must have been content.
void Campaign::end(Process& process, const char* what) {
    int status = 0;
    if (process.id < 0) return;
    if (::waitpid(process.id, &status, 0) != process.id) throw std::runtime_error("a process is gone");
    process.id = -1;
    process.was_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    if (!process.was_killed && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
        throw std::runtime_error(std::string(what) + ": " + facts_->message.data());
}

void Campaign::reset_facts() {
    for (VmFacts& facts : facts_->vm) {
        facts.moving = false;
        facts.released = false;
        facts.arrived = false;
        facts.begun = facts.accepted.load();
    }
    for (Moment& moment : facts_->moment) moment.entries = 0;
    facts_->stop = false;
}

Campaign::Plan Campaign::draw_plan() {
    Plan plan;
    if (draw(4) != 0) {
        // Short phases are missed more often than not: half of the time it is the one that was hit least.
        const auto& killed = counts_.killed;
        const auto least = std::min_element(killed.begin(), killed.end()) - killed.begin();
        plan.phase = static_cast<Phase>(draw(2) == 0 ? least : draw(phase_names.size()));
    }
    const bool of_a_migration = plan.phase == Phase::move || plan.phase == Phase::release || plan.phase == Phase::arrive;
    plan.migration = of_a_migration || draw(3) == 0;
    plan.victim = draw(chips);
    plan.both = plan.migration && draw(3) == 0;
    if (!plan.migration) return plan;
    plan.migrant = draw(vms);
    const unsigned source = vm_[plan.migrant].home;
    if (of_a_migration) plan.victim = plan.phase == Phase::arrive ? 1 - source : source;
    return plan;
}

/// The chip that is to be killed, and for a migration the other one.
std::array<Campaign::Process, chips> Campaign::start_chips(const Plan& plan) {
    int peers[chips] = {-1, -1};
    if (plan.migration && ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, peers) != 0) throw std::runtime_error("no sockets");
    if (plan.phase) {
        Moment& moment = facts_->moment[plan.victim];
        moment.phase = *plan.phase;
        // Some phases take microseconds, others milliseconds.
        constexpr std::array<unsigned, 5> longest{3'000, 30'000, 100'000, 1'000'000, 10'000'000};
        moment.delay_ns = draw(longest[draw(longest.size())]);
        moment.entries = static_cast<int>(1 + draw(plan.phase == Phase::lpid_batch || plan.phase == Phase::overflow ? 8 : 2));
    }
    std::array<Process, chips> processes;
    for (unsigned chip = 0; chip < chips; ++chip) {
        if (!plan.migration && chip != plan.victim) continue;
        const Task task{directory_, vm_, chip, random_(), fault_, plan.migrant, peers[chip]};
        processes[chip] = start([&] {
            if (plan.migration) ::close(peers[1 - chip]);
            work(task, *facts_);
        });
    }
    if (plan.migration)
        for (const int peer : peers) ::close(peer);
    return processes;
}

/// Any moment, or until the victim stands still in its phase.
void Campaign::wait_for_the_moment(const Plan& plan, pid_t victim) {
    if (!plan.phase) {
        ::usleep(draw(60'000));
        return;
    }
    for (const auto deadline = Clock::now() + std::chrono::seconds(1); Clock::now() < deadline; ::usleep(200)) {
        siginfo_t info{};
        if (::waitid(P_PID, static_cast<id_t>(victim), &info, WSTOPPED | WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == victim) return;
    }
}

void Campaign::kill_chips(const Plan& plan, std::array<Process, chips>& processes) {
    wait_for_the_moment(plan, processes[plan.victim].id);
    for (unsigned chip = 0; chip < chips; ++chip)
        if (processes[chip].id >= 0 && (plan.both || chip == plan.victim)) ::kill(processes[chip].id, SIGKILL);
    end(processes[plan.victim], "a chip failed before it was killed");
    facts_->stop = true;
    end(processes[1 - plan.victim], "the chip that was not killed failed");
    for (unsigned chip = 0; chip < chips; ++chip) {
        if (!processes[chip].was_killed) continue;
        ++counts_.kills;
        ++counts_.killed[static_cast<std::size_t>(facts_->phase[chip].load())];
    }
}

void Campaign::round() {
    reset_facts();
    const Plan plan = draw_plan();
    std::array<Process, chips> processes = start_chips(plan);
    kill_chips(plan, processes);

    for (Moment& moment : facts_->moment) moment.entries = 0;
    const Task task{directory_, vm_, 0, 0, fault_, plan.migrant, -1};
    Process checking = start([&] { check(task, *facts_); });
    end(checking, "after a kill");
    const bool target_was_killed = plan.migration && processes[1 - vm_[plan.migrant].home].was_killed;
    for (unsigned place = 0; place < vms; ++place) {
        if (facts_->vm[place].released && !facts_->vm[place].arrived && !target_was_killed) throw std::runtime_error("a VM was released, and did not arrive");
        go_on(place);
    }
    check_lpids();
    if (draw(4) == 0) check_damaged_files();
}

/// Where the check found a VM is where it goes on.
void Campaign::go_on(unsigned place) {
    VmFacts& facts = facts_->vm[place];
    const Found found = facts_->found[place];
    counts_.arrived += facts.arrived;
    if (found.chip == chips) {
        ++counts_.lost;
        renew(place);
        return;
    }
    ++counts_.restored;
    vm_[place].home = found.chip;
    vm_[place].visited[found.chip] = true;
    for (std::uint64_t old = facts.begun > 40 ? facts.begun - 40 : 1; old + 4 < found.sequence; ++old) storage_.remove(vm_[place].number, old);
    facts.accepted = found.sequence;
}

void Campaign::check_lpids() {
    for (; lpids_checked_ < facts_->lpid_count; ++lpids_checked_) {
        const Lpid lpid = facts_->lpids[lpids_checked_];
        // Whoever had this place was killed before it wrote there, and so before anybody had the LPID.
        if (lpid == 0) continue;
        ++counts_.lpids;
        std::vector<bool>& given = given_.at(chip_of(lpid) - 1u);
        if (count_of(lpid) >= given.size()) given.resize(2 * count_of(lpid));
        if (given[count_of(lpid)]) throw std::runtime_error("LPID " + std::to_string(count_of(lpid)) + " of chip " + std::to_string(chip_of(lpid)) + " was given out twice");
        given[count_of(lpid)] = true;
    }
}

/// A copy of a chip's files with one of them cut or changed: the chip must not start, and say so in one line.
void Campaign::check_damaged_files() {
    const unsigned chip = draw(chips);
    const fs::path copy = directory_ / "damaged";
    fs::remove_all(copy);
    fs::create_directory(copy);
    const auto each_file = {"", ".log-register", ".log-0", ".log-1"};
    for (const char* suffix : each_file) {
        const fs::path file = chip_file(directory_, chip).string() + suffix;
        if (fs::exists(file)) fs::copy_file(file, chip_file(copy, chip).string() + suffix);
    }
    const auto refusal = [&]() -> std::string {
        if (fault_ == Fault::unchecked_gpc) renew_digest(chip_file(copy, chip));
        try {
            FileNonVolatile nonvolatile(chip_file(copy, chip), test_chip(chip + 1).number());
            const VmLog log(nonvolatile);
            return {};
        } catch (const InputError& error) {
            return error.what();
        }
    };
    if (const std::string reason = refusal(); !reason.empty()) throw std::runtime_error("a chip does not start: " + reason);
    const auto damage = [&](const std::string& suffix, auto&& change) {
        const fs::path file = chip_file(copy, chip).string() + suffix;
        if (!fs::exists(file) || fs::file_size(file) == 0) return false;
        const fs::path whole = file.string() + ".whole";
        fs::copy_file(file, whole);
        change(file);
        const std::string reason = refusal();
        fs::rename(whole, file);
        const bool refused = !reason.empty() && reason.find('\n') == std::string::npos && reason.find(chip_file(copy, chip).string()) != std::string::npos;
        counts_.damaged_files += refused;
        return refused;
    };
    const auto cut = [&](const fs::path& file) { fs::resize_file(file, draw(static_cast<unsigned>(fs::file_size(file)))); };
    const auto flip = [&](const fs::path& file) {
        const auto at = draw(static_cast<unsigned>(fs::file_size(file)));
        std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
        stream.seekg(static_cast<std::streamoff>(at));
        const int byte = stream.get();
        stream.seekp(static_cast<std::streamoff>(at));
        stream.put(static_cast<char>(byte ^ (1 << draw(8))));
    };
    if (!damage("", cut) || !damage("", flip)) throw std::runtime_error("a damaged GPC is not refused");
    if (!fs::exists(chip_file(copy, chip).string() + ".log-0") && !fs::exists(chip_file(copy, chip).string() + ".log-1")) return;
    if (!damage(".log-register", cut) || !damage(".log-register", flip)) throw std::runtime_error("a damaged log register is not refused");
    // One of the copies is old, and counts for nothing.
    const bool cut_is_refused = damage(".log-0", cut) != damage(".log-1", cut);
    const bool flip_is_refused = damage(".log-0", flip) != damage(".log-1", flip);
    if (!cut_is_refused || !flip_is_refused) throw std::runtime_error("a damaged VM log is not refused");
}

}  // namespace coffer::kill
