/** A worker with one event stream for all pages of a browser, which opens no more than six HTTP/1.1 connections to a host. */
import { follow } from './follow.js';

const pages = new Set();

self.addEventListener('connect', ({ ports: [page] }) => {
  pages.add(page);
  // All that a page says is that it goes.
  page.onmessage = () => pages.delete(page);
});

follow((json) => {
  for (const page of pages) page.postMessage(json);
});
