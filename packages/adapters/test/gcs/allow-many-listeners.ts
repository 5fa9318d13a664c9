import { EventEmitter } from 'node:events'

/** Keeps Node from warning of the client's streams: its HTTP library puts a dozen listeners on each, guarded or not. */
export function allowManyListeners(): void {
  EventEmitter.defaultMaxListeners = 20
}
