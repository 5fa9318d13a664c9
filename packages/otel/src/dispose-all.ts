/** One handle for several; disposing of it a second time does nothing. */
export function disposeAll(handles: Disposable[]): Disposable {
  return {
    [Symbol.dispose]: () => {
      for (const handle of handles.splice(0)) handle[Symbol.dispose]()
    },
  }
}
