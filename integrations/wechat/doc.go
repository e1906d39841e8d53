// Package wechat connects Jiesu to a WeChat official account (服务号): it authenticates and decrypts the platform's callbacks, and sends
// template messages, customer messages, menus and QR codes by the platform's API.
//
// Rules of the platform are quoted by the page they come from, below https://developers.weixin.qq.com/doc/service. The callback is
// ours rather than an SDK's, because an SDK that lets the query choose the mode accepts unencrypted bodies; the client is ours because
// every call needs a context, a typed error without secrets, and one refresh of a stale token.
package wechat
