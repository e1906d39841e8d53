// Package bot is the conversation with a complainant. Step is a pure function of (state, message, world): it answers, and says what is to be
// done in typed commands; it reads no clock, no database and no network. Intake is the shell around it: one transaction per message.
//
//	          says something                 1 or 2
//	idle ──────────────────────► confirm ──────────────► filed: number ──► enterprise ──► phone ──► idle
//	  │   too little ──► thin       ▲  more words           ▲   (asked after filing, one at a time, each may be skipped)
//	  │   unsure ──────► pick ──────┼───────────────────────┤
//	  │   can't say ───► triage ────┤                       │
//	  │   said before ─► repeat ────┘ or a supplement       │
//	  │   outside ─────► door ──────── 人工 ─────────────────┘
//	  ├── 补充 add · 撤回 withdraw · 评价 solved → satisfied → redo · several own cases: choose
//	  └── 人工 with nothing said yet ──► human: what is said now is handed over too
//
// Whatever is said lives in exactly one place: in the draft (Draft.Parts) until it is filed, or in a case. A draft left alone is
// summed up after Pace.Remind and filed to triage after Pace.Close. Whoever says they don't want it filed is believed.
//
// What is said beside an open question about contact data goes to the case just filed; contact data said after its question was
// closed is still taken.
//
// No text is sent twice running: a second time it is said in other words (the key with .again) or said to be the same.
//
// Every text, and every word that the bot understands, is in the catalogue (keys bot.…; what people say in ever new words is under
// bot.hints.…); the doors are configs/plan/doors.yaml.
package bot
