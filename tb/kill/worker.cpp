#include "kill/worker.h"

#include <cerrno>
#include <random>
#include <stdexcept>
#include <string>


#include <poll.h>
#include <unistd.h>

#include "aise/counter_block.h"
#include "unit/test_chips.h"

namespace coffer::kill {

namespace {

/// One process of the campaign: a chip, its VMs, and its part in a migration.
class Worker {
public:
    Worker(const Task& task, SharedFacts& facts)
        : task_(task), facts_(facts), storage_(task.directory), random_(task.seed), station_(task.directory, task.chip, facts, task.fault) {}

    void run() {
        for (unsigned place = 0; place < vms; ++place)
            if (task_.vm[place].home == task_.chip) take_up(place);
        if (is_target()) await();
        const unsigned steps_before_move = draw(12);
        for (unsigned step = 0; !(facts_.stop && done_with_migration_); ++step) {
            if (is_source() && step == steps_before_move) send();
            if (is_target() && !done_with_migration_) receive(0);
            if (facts_.stop && is_target() && !done_with_migration_) receive(-1);
            act();
        }
    }

private:
    bool is_source() const { return task_.migrant < vms && task_.vm[task_.migrant].home == task_.chip; }
    bool is_target() const { return task_.migrant < vms && !is_source(); }
    unsigned draw(unsigned end) { return std::uniform_int_distribution<unsigned>(0, end - 1)(random_); }
    const CampaignVm& vm(unsigned place) const { return task_.vm[place]; }

    void take_up(unsigned place) {
        const InPhase phase(facts_, task_.chip, Phase::install);
        station_.install(place, vm(place), stored(place, facts_.vm[place].accepted));
    }
    StoredVm stored(unsigned place, std::uint64_t sequence) const {
        return sequence == 0 ? boot_image(vm(place)) : storage_.load(vm(place).number, sequence).value();
    }

    /// Something that one of the VMs does, or that is done to it.
    void act() {
        const unsigned place = draw(vms);
        if (!station_.runs(place)) return;
        const unsigned choice = draw(16);
        if (choice < 8) return write_here_and_there(place);
        if (choice < 11) return overflow(place);
        if (choice == 11) return station_.shred(place, draw(vm_pages));
        if (choice < 15) return station_.snapshot(place, vm(place), storage_);
        reinstall(place);
    }
    void write_here_and_there(unsigned place) {
        for (int i = 0; i < 16; ++i) station_.write(place, draw(vm_pages * lines_per_page), static_cast<std::uint8_t>(1 + draw(255)));
    }
    void overflow(unsigned place) {
        const InPhase phase(facts_, task_.chip, Phase::overflow);
        const unsigned line = draw(vm_pages * lines_per_page);
        for (unsigned i = 0; i < CounterBlock::last_minor + 2; ++i) station_.write(place, line, static_cast<std::uint8_t>(i));
    }
    void reinstall(unsigned place) {
        station_.snapshot(place, vm(place), storage_);
        station_.uninstall(place);
        take_up(place);
    }

    /// The target's first step: its nonce goes to the source.
    void await() {
        const std::optional<Nonce> nonce = station_.lifecycle().begin_import();
        if (!nonce) throw std::runtime_error("no nonce");
        // A source that is gone is seen when the answer does not come.
        if (::write(task_.peer, nonce->data(), nonce->size()) < 0 && errno != EPIPE) throw std::runtime_error("the socket fails");
    }
    void send() {
        Nonce nonce;
        if (::read(task_.peer, nonce.data(), nonce.size()) == static_cast<ssize_t>(nonce.size())) {
            station_.move_out(task_.migrant, vm(task_.migrant), storage_, test_chip(2 - task_.chip).certificate(KeyUsage::unwrap), nonce);
            const char released = 1;
            if (::write(task_.peer, &released, 1) < 0 && errno != EPIPE) throw std::runtime_error("the socket fails");
        }
        done_with_migration_ = true;
    }
    /// Takes the VM in when the source says that it is released, or is gone after it was.
    void receive(int timeout) {
        pollfd event{task_.peer, POLLIN, 0};
        if (::poll(&event, 1, timeout) <= 0) return;
        char released;
        if (::read(task_.peer, &released, 1) < 0 && errno != ECONNRESET) throw std::runtime_error("the socket fails");
        done_with_migration_ = true;
        VmFacts& facts = facts_.vm[task_.migrant];
        if (!facts.released) return;
        const InPhase phase(facts_, task_.chip, Phase::arrive);
        const std::uint64_t sequence = facts.begun;
        station_.install(task_.migrant, vm(task_.migrant), stored(task_.migrant, sequence));
        facts.accepted = sequence;
        facts.arrived = true;
    }

    const Task& task_;
    SharedFacts& facts_;
    const VmStorage storage_;
    std::mt19937_64 random_;
    Station station_;
    bool done_with_migration_ = task_.migrant == vms;
};

/// The snapshots of a VM that could be tried: the last few, and what its owner ships.
std::vector<std::uint64_t> candidates(std::uint64_t begun) {
    std::vector<std::uint64_t> sequences{0};
    for (std::uint64_t sequence = begun > 2 ? begun - 2 : 1; sequence <= begun; ++sequence) sequences.push_back(sequence);
    return sequences;
}

class Checker {
public:
    Checker(const Task& task, SharedFacts& facts) : task_(task), facts_(facts), storage_(task.directory) {
        for (unsigned chip = 0; chip < chips; ++chip) stations_[chip].emplace(task.directory, chip, facts, task.fault);
    }
    void run() {
        for (unsigned place = 0; place < vms; ++place) find(place);
    }

private:
    void find(unsigned place) {
        const CampaignVm& vm = task_.vm[place];
        const VmFacts& facts = facts_.vm[place];
        std::optional<Found> found;
        for (const std::uint64_t sequence : candidates(facts.begun)) {
            const std::optional<StoredVm> stored = sequence == 0 ? boot_image(vm) : storage_.load(vm.number, sequence);
            for (unsigned chip = 0; stored && chip < chips; ++chip) {
                // An owner may let a VM start on a second chip; where it was, it cannot start again.
                if (!vm.visited[chip] && sequence == 0) continue;
                if (!stations_[chip]->ask(vm, *stored).ok()) continue;
                if (found) complain(place, "two snapshots install, the second one", {chip, sequence});
                found = Found{chip, sequence};
            }
        }
        if (!found) {
            // A VM that left may be lost with the power of its source or of its target, but not if it arrived.
            if (!facts.moving || facts.arrived) complain(place, "no snapshot installs", {});
            facts_.found[place] = Found{};
            return;
        }
        if (found->sequence < facts.accepted || found->sequence > facts.begun) complain(place, "not the latest snapshot that was accepted installs", *found);
        if (facts.arrived && found->chip == vm.home) complain(place, "a VM that moved away is back", *found);
        Station& station = *stations_[found->chip];
        station.install(place, vm, found->sequence == 0 ? boot_image(vm) : storage_.load(vm.number, found->sequence).value());
        if (!station.holds_what_it_should(place)) complain(place, "a snapshot does not hold what it should", *found);
        facts_.found[place] = *found;
    }
    [[noreturn]] void complain(unsigned place, const std::string& what, const Found& found) const {
        const VmFacts& facts = facts_.vm[place];
        throw std::runtime_error("VM " + std::to_string(task_.vm[place].number) + ": " + what + " (chip " + std::to_string(found.chip + 1) + ", sequence " +
                                 std::to_string(found.sequence) + "; accepted " + std::to_string(facts.accepted) + ", begun " + std::to_string(facts.begun) + ")");
    }

    const Task& task_;
    SharedFacts& facts_;
    const VmStorage storage_;
    std::array<std::optional<Station>, chips> stations_;
};

}  // namespace

void work(const Task& task, SharedFacts& facts) {
    std::optional<Worker> worker;
    {
        const InPhase phase(facts, task.chip, Phase::boot);
        worker.emplace(task, facts);
    }
    const InPhase phase(facts, task.chip, Phase::running);
    worker->run();
}

void check(const Task& task, SharedFacts& facts) { Checker(task, facts).run(); }

}  // namespace coffer::kill
