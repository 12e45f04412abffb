"""What a person at a bench does instead, where a test needs the hands that only the emulated machine has."""

from __future__ import annotations

from typing import Final

BY_HAND: Final = {
    "test_boots": {
        "a_machine_that_nobody_has_set_up_waits_and_then_serves": (
            "start a new card without /etc/gate/gate.toml, then set it up"
        ),
        "without_a_network": "pull the network cable, start, lay a card down",
        "at_a_clock_that_says_1970_nobody_is_let_in_and_the_screen_says_why": (
            "take clock and network away, start, lay a card down; then set the clock"
        ),
        "on_a_read_only_root": "turn on the read-only root (docs/install.md), start, lay a card down",
        "on_a_full_disk_nobody_is_let_in_unrecorded": "fill /var/lib/gate as user gate, start, lay a card down",
        "without_a_sound_card_people_are_served_and_guards_told": "pull the loudspeaker's adapter, start, look",
        "without_anybody_at_the_screen": "stop gate-kiosk.service, start, lay a card down",
        "a_broken_configuration_is_named_and_once_it_is_right_the_gate_starts_by_itself": (
            "spoil /etc/gate/gate.toml, start, read the log, put it right"
        ),
    },
    "test_device_faults": {
        "the_id_reader_is_pulled_while_it_reads_a_card": "pull the ID reader's plug while a card lies on it",
        "the_gun_is_pulled_in_the_middle_of_a_code": "pull the gun's plug while it types a long code",
        "the_camera_is_pulled": "pull the camera, lay a card down, put it back, hold a code up",
        "the_card_reader_is_pulled_while_it_reads_a_card": "pull the smart-card reader just after a card went in",
        "the_relay_is_pulled_and_nobody_is_told_to_walk_into_a_closed_barrier": "pull the relay, lay a card down",
        "everything_is_pulled_at_once_and_put_back": "pull the hub, wait for the signs, put it back",
        "a_second_keyboard_is_no_gun": "plug a keyboard in and type a code",
        "another_id_reader_serves_only_after_somebody_has_approved_it": "exchange the ID reader for another",
        "pcscd_is_killed": "pkill -KILL pcscd, then put a card in",
        "the_camera_hangs_and_the_lane_goes_on": "stop gate-camera's process (SIGSTOP), lay a card down",
        "aplay_hangs_and_the_next_person_hears_again": "stop aplay's process (SIGSTOP) while it speaks",
        "the_sound_card_is_taken_out": "pull the loudspeaker's adapter, lay a card down",
    },
    "test_killed": {
        "a_daemon_that_is_killed_comes_back_and_has_lost_nobody": "lay a card down, kill -KILL, look at the journal",
    },
    "test_persons": {
        "a_citizen_lays_down_a_card_and_is_let_in": "lay a card down that is on record as tested",
        "whoever_has_no_test_is_referred_and_nothing_opens": "lay a card down that has no record",
        "a_code_is_read_with_the_gun": "read a certificate of the demonstration with the gun",
        "a_code_is_held_to_the_camera": "hold the same to the camera",
        "a_code_is_held_to_a_camera_that_picamera2_reads": "hold it to a camera on the ribbon cable",
        "a_social_security_card_is_put_into_its_reader": "put a social-security card in",
        "the_screen_is_a_page_that_a_browser_gets": "look at the screen",
    },
    "test_power_cuts": {
        "every_pass_that_was_announced_is_on_record_after_power_cuts": (
            "write down who heard 绿码通行, pull the plug, look at the journal"
        ),
    },
    "test_smoke": {
        "the_machine_boots_into_a_gate_that_serves": "switch it on and look at the screen",
        "a_card_and_a_code_are_read_and_answered_aloud": "lay a card down, read a code, listen",
    },
    "test_upgrade": {
        "a_power_cut_during_an_upgrade_or_the_way_back_leaves_a_gate_that_starts": (
            "install a newer package and pull the plug in the middle of it"
        ),
    },
    "test_watchdogs": {
        "a_frozen_lane_with_a_living_loop_is_started_again": "nothing: no bug is known that freezes a lane",
        "a_crashed_kernel_is_noticed_by_the_machines_watchdog": "echo c >/proc/sysrq-trigger and wait 15 s",
    },
}
"""File -> test without its "test_" -> what to do."""


def by_hand(file: str, test: str) -> str:
    """What to do instead of a test, e.g. ``by_hand("test_persons", "test_a_code_is_read_with_the_gun")``.

    Raises:
        KeyError: nobody has thought of it yet.
    """
    return BY_HAND[file][test.removeprefix("test_").split("[")[0]]
