//! Speech channels: which belongs to which call (MEDIA messages of the base-station link).

use super::calls::Channel;
use super::links::LinkId;
use super::{ConnId, Nwk};
use crate::primitive::{CallId, Indication, RtpPeer};
use crate::rfp::primitive::{Handle, Request as RfpRequest};
use std::net::SocketAddr;

impl Nwk {
    /// Joins the speech of a call to an RTP peer. Of a call that has ended nothing more is told.
    pub(super) fn open_media(&mut self, call: CallId, peer: RtpPeer) {
        let Some(entry) = self.calls.get(&call) else { return };
        if entry.channel.is_some() {
            return self.change_media(call, peer);
        }
        let Some(LinkId(conn, mcei)) = self.usable_link(entry.pp) else {
            let why = "the call has no link to its handset".to_owned();
            return self.indicate(Indication::MediaFailed(call, why));
        };
        let handle = self.free_handle(conn);
        self.channels.insert((conn, handle), call);
        if let Some(entry) = self.calls.get_mut(&call) {
            entry.channel = Some(Channel { conn, handle, peer });
        }
        self.ask_base(conn, RfpRequest::OpenMedia(handle, mcei, peer));
    }

    pub(super) fn change_media(&mut self, call: CallId, peer: RtpPeer) {
        let Some(entry) = self.calls.get_mut(&call) else { return };
        match &mut entry.channel {
            Some(channel) => {
                channel.peer = peer;
                let (conn, handle) = (channel.conn, channel.handle);
                self.ask_base(conn, RfpRequest::ChangeMedia(handle, peer));
            }
            None => {
                let why = "the call has no speech channel".to_owned();
                self.indicate(Indication::MediaFailed(call, why));
            }
        }
    }

    pub(super) fn close_media(&mut self, call: CallId) {
        if let Some(Channel { conn, handle, .. }) =
            self.calls.get_mut(&call).and_then(|entry| entry.channel.take())
        {
            self.channels.remove(&(conn, handle));
            self.ask_base(conn, RfpRequest::CloseMedia(handle));
        }
    }

    pub(super) fn media_opened(&mut self, conn: ConnId, handle: Handle, address: SocketAddr) {
        if let Some(call) = self.channels.get(&(conn, handle)) {
            self.indicate(Indication::MediaOpened(*call, address));
        }
    }

    pub(super) fn media_failed(&mut self, conn: ConnId, handle: Handle, reason: String) {
        let Some(call) = self.channels.remove(&(conn, handle)) else { return };
        if let Some(entry) = self.calls.get_mut(&call) {
            entry.channel = None;
        }
        self.indicate(Indication::MediaFailed(call, reason));
    }

    /// A key that the base station has recognised in speech.
    pub(super) fn media_key(&mut self, conn: ConnId, handle: Handle, key: char) {
        if let Some(call) = self.channels.get(&(conn, handle)) {
            let keys = key.to_string();
            self.indicate(Indication::Info { call: *call, keys, complete: false });
        }
    }

    /// A handle that no channel of the base station has. There are far fewer channels than handles.
    fn free_handle(&mut self, conn: ConnId) -> Handle {
        loop {
            self.last_handle = self.last_handle.wrapping_add(1);
            let handle = Handle(self.last_handle);
            if handle != NONE && !self.channels.contains_key(&(conn, handle)) {
                return handle;
            }
        }
    }
}

/// Means "no handle" in ACK and NACK.
const NONE: Handle = Handle(0xffff);
