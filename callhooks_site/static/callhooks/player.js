'use strict';
// The recording of a call: a button, its waveform as a slider, speed. Without this script the browser's own player is
// there. The waveform is read from the recording once it plays, or at once if it is short.
const player = document.getElementById('player');
const audio = player.querySelector('audio');
const play = player.querySelector('.play');
const box = player.querySelector('.wave-box');
const slider = box.querySelector('input');
const bars = [...box.querySelectorAll('rect')];
const clock = document.getElementById('clock');
const speed = document.getElementById('speed');
const trouble = document.getElementById('player-error');
const times = [...document.querySelectorAll('.talk time[data-at]')];

const SHORT = 180; // seconds: heard without being asked
const LONG = 1800; // seconds: not heard at all, which would take the memory of a small film
const LARGEST = 16 * 1024 * 1024; // bytes
const RATE = 8000; // samples a second: enough to see who speaks
const SPEEDS = [1, 1.25, 1.5, 2];
const MIDDLE = 22; // of a bar, in pixels from the top
const TALLEST = 36;
const SHORTEST = 3;

function length() {
    return Number.isFinite(audio.duration) ? audio.duration : Number(player.dataset.seconds) || 0;
}

function words(seconds) {
    const whole = Math.floor(seconds);
    const minutes = String(Math.floor((whole % 3600) / 60));
    const rest = String(whole % 60).padStart(2, '0');
    return whole < 3600 ? `${minutes}:${rest}` : `${Math.floor(whole / 3600)}:${minutes.padStart(2, '0')}:${rest}`;
}

function show() {
    const all = length();
    const part = all ? audio.currentTime / all : 0;
    slider.value = String(Math.round(part * 1000));
    slider.setAttribute('aria-valuetext', `${words(audio.currentTime)} of ${words(all)}`);
    clock.textContent = `${words(audio.currentTime)} / ${words(all)}`;
    bars.forEach((bar, number) => bar.classList.toggle('played', number / bars.length < part));
    const said = times.filter((time) => Number(time.dataset.at) <= audio.currentTime);
    for (const time of times) {
        time.closest('li').classList.toggle('now', !audio.paused && time === said.at(-1));
    }
}

function showPlaying() {
    play.setAttribute('aria-pressed', String(!audio.paused));
    play.setAttribute('aria-label', audio.paused ? 'Play' : 'Pause');
    show();
}

// To this second. Before the file is there, as soon as it is.
function jump(seconds) {
    if (audio.readyState === 0) {
        audio.addEventListener('loadedmetadata', () => jump(seconds), {once: true});
        audio.load();
        return;
    }
    audio.currentTime = seconds;
    show();
}

async function start() {
    trouble.hidden = true;
    try {
        await audio.play();
    } catch {
        trouble.hidden = audio.error === null; // else it was paused before it began
    }
}

// --- the waveform ---------------------------------------------------------------------------------------------------
function draw(samples) {
    const each = samples.length / bars.length;
    const peaks = bars.map((_, number) => {
        let sum = 0;
        const end = Math.floor((number + 1) * each);
        for (let at = Math.floor(number * each); at < end; at += 1) {
            sum += samples[at] ** 2;
        }
        return Math.sqrt(sum / Math.max(1, each));
    });
    const loudest = Math.max(...peaks);
    if (loudest === 0) {
        return; // nothing to see
    }
    bars.forEach((bar, number) => {
        const height = Math.max(SHORTEST, (peaks[number] / loudest) * TALLEST);
        bar.setAttribute('y', (MIDDLE - height / 2).toFixed(1));
        bar.setAttribute('height', height.toFixed(1));
    });
}

let heard = false;
async function hear() {
    if (heard || Number(player.dataset.seconds) > LONG || typeof OfflineAudioContext === 'undefined') {
        return;
    }
    heard = true;
    try {
        const answer = await fetch(player.dataset.heard, {
            headers: {Accept: 'audio/*'}, credentials: 'same-origin', redirect: 'error',
        });
        if (!answer.ok || Number(answer.headers.get('Content-Length') || 0) > LARGEST) {
            answer.body?.cancel();
            return;
        }
        const sound = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await answer.arrayBuffer());
        draw(sound.getChannelData(0));
    } catch {
        // The bars stay even: the recording plays all the same.
    }
}

// --- what people press ----------------------------------------------------------------------------------------------
play.addEventListener('click', () => (audio.paused ? start() : audio.pause()));
slider.addEventListener('input', () => jump((Number(slider.value) / 1000) * length()));
slider.addEventListener('keydown', (event) => {
    const by = {ArrowLeft: -5, ArrowDown: -5, ArrowRight: 5, ArrowUp: 5, PageDown: -30, PageUp: 30}[event.key];
    if (by) {
        event.preventDefault();
        jump(Math.min(Math.max(0, audio.currentTime + by), length()));
    }
});
speed.addEventListener('click', () => {
    const next = SPEEDS[(SPEEDS.indexOf(audio.playbackRate) + 1) % SPEEDS.length];
    audio.playbackRate = next;
    speed.textContent = `${next}×`;
    speed.setAttribute('aria-label', `Speed: ${next} times`);
});
for (const time of times) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'jump';
    button.textContent = time.textContent;
    button.setAttribute('aria-label', `Play from ${time.textContent}`);
    button.addEventListener('click', () => {
        jump(Number(time.dataset.at));
        start();
    });
    time.replaceChildren(button);
}
for (const name of ['timeupdate', 'durationchange', 'seeked']) {
    audio.addEventListener(name, show);
}
for (const name of ['play', 'pause', 'ended']) {
    audio.addEventListener(name, showPlaying);
}
audio.addEventListener('playing', hear);
audio.addEventListener('error', () => {
    trouble.hidden = false;
    showPlaying();
});

player.classList.add('is-ready');
for (const part of [play, box, clock, speed]) {
    part.hidden = false;
}
show();
if (Number(player.dataset.seconds) <= SHORT && !navigator.connection?.saveData) {
    hear();
}
