// What is used of Node. The types of all of it would let other files, which browsers load, use it as well.
declare module 'node:diagnostics_channel' {
  export interface Channel {
    readonly hasSubscribers: boolean
    publish(message: unknown): void
  }
  export function channel(name: string): Channel
}
